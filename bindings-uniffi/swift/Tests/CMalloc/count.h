// How much the allocator has given out; Swift's own module of the C library lacks it.
#include <malloc.h>
