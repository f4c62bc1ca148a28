import LibFuzzer

var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    fuzzToken([UInt8](UnsafeBufferPointer(start: data, count: size)))
    return 0
}
