/* store.h - old names of kstore.h for files that have not been renamed yet. */
#pragma once
#include "embedded/kstore.h"

#define store_get kstore_get
#define store_at kstore_at
#define store_count kstore_count
