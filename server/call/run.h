/* run.h - a tools/call begins. */
#pragma once

struct request;

/* Answers r; runs until the first wait at once. */
void call_start(struct request *r);
