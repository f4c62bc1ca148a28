#pragma once
#include <stdint.h>

/// Allocations of the whole process since it started.
uint64_t allocation_count(void);
