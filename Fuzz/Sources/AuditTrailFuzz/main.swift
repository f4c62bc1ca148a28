import LibFuzzer

// The first byte of an input says what is done with the rest.
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    guard let data, size > 0 else { return 0 }
    fuzzAuditTrail([UInt8](UnsafeBufferPointer(start: data + 1, count: size - 1)), seed: data[0])
    return 0
}
