#ifndef SALLYPORT_LIBFUZZER_H
#define SALLYPORT_LIBFUZZER_H
#include <stddef.h>
#include <stdint.h>

/// libFuzzer's own entry point: it parses its options and calls back with one input after the other.
int LLVMFuzzerRunDriver(
    int *_Nonnull argc, char *_Nullable *_Nonnull *_Nonnull argv,
    int (*_Nonnull callback)(const uint8_t *_Nullable data, size_t size));

#endif
