import LibFuzzer

// The first byte of an input says whether the rest is frames or the fields of a block, and how it is cut.
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    guard let data, size > 0 else { return 0 }
    let bytes = [UInt8](UnsafeBufferPointer(start: data + 1, count: size - 1))
    if data[0] & 1 == 0 { fuzzFrames(bytes, seed: data[0]) } else { fuzzFields(bytes, endsStream: data[0] & 2 == 0) }
    return 0
}
