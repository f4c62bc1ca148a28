import LibFuzzer

// The first byte of an input says whether the rest comes from a client or from an upstream, and how it is cut.
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    guard let data, size > 0 else { return 0 }
    let bytes = [UInt8](UnsafeBufferPointer(start: data + 1, count: size - 1))
    if data[0] & 1 == 0 { fuzzRequests(bytes, seed: data[0]) } else { fuzzResponses(bytes, seed: data[0]) }
    return 0
}
