/* version.h - the version this binary reports. */
#pragma once
#define HIGRESS_OPS_VERSION "0.1.0"
