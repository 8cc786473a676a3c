/* check.h - what every unit test includes: cmocka and its prerequisites in the order it needs. */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
// cmocka last: it uses all of the above
#include <cmocka.h>
