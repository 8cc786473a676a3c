/* banned.h - functions that must not be called; included by every .c through the compiler command
 * line (-include), so the error names the function. */
#pragma once
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#pragma GCC poison strcpy strcat strncpy strncat sprintf vsprintf gets strtok asctime ctime gmtime \
    localtime system popen atoi atol atof mktemp tmpnam
