import LibFuzzer

// A line end divides the condition from the head of the request that it is asked about.
var count = CommandLine.argc
var arguments = CommandLine.unsafeArgv
let status = LLVMFuzzerRunDriver(&count, &arguments) { data, size in
    fuzzCondition([UInt8](UnsafeBufferPointer(start: data, count: size)))
    return 0
}
