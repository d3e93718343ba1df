/*
 * JSON on stdout: one array of objects, each written and freed as soon as it is
 * there, so that memory does not grow with their number.
 */
#ifndef MTASTS_JSONOUT_H
#define MTASTS_JSONOUT_H

#include <stddef.h>
#include <time.h>

#include "admin.h"
#include "policy.h"

struct diag;
struct json_object;

/*
 * How a verb that prints an object a domain does it all: opens settings and
 * store and calls each for every domain of the operands, with the array around
 * it if --json asks for that.
 */
enum admin_exit jsonout_each_domain(struct admin *admin,
    enum admin_exit (*each)(struct admin *admin, const char *domain));

/* Begins the array. */
void jsonout_begin(void);

/* Writes one object, which is freed. */
void jsonout_row(struct json_object *row);

/* Ends the array. */
void jsonout_end(void);

/*
 * Sets a key to a string, in which everything that is not printable ASCII but a
 * line end is escaped (\xNN); to null for NULL.
 */
void jsonout_set_string(
    struct json_object *row, const char *key, const char *string);

/* Sets a key to 2026-11-22T04:51:52Z. */
void jsonout_set_time(struct json_object *row, const char *key, time_t time);

/* Makes an object of a finding: file, line, column, severity, message, hint. */
struct json_object *jsonout_finding(const struct diag *diag);

/* Sets mode, max_age and mx, an array of patterns; to null for NULL. */
void jsonout_set_policy(struct json_object *row, const struct policy *policy);

#endif
