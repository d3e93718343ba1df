/*
 * Private to settings: a look over the text before libconfig gets it. Refuses
 * what libconfig does harm with, and writes the text that it is to be given
 * instead. Knows libconfig's tokens; its grammar, and what the keys mean, is
 * for others. No libconfig, no I/O.
 */
#ifndef MTASTS_SETTINGS_SCAN_H
#define MTASTS_SETTINGS_SCAN_H

#include "diag.h"
#include "text.h"

#define SETTINGS_SCAN_MAX 65536 /* octets of a text */

/*
 * Room for any clean text: a name of one letter and what divides it from the
 * next one may become eight octets; then a line end and the NUL.
 */
#define SETTINGS_SCAN_SIZE (4 * SETTINGS_SCAN_MAX + 2)

/*
 * Appends to clean, which is empty, what libconfig is to read, line by line the
 * same as the text but for this:
 *
 * - @include opens any file that it names. It is an error in code, and at the
 *   beginning of a line in a comment too.
 * - A number with 10 digits or more wraps silently, a leading 0 makes some
 *   versions read octal, and no setting takes hexadecimal or fractions. Each
 *   number that is not 1 to 9 plain digits is an error and becomes one with a
 *   fraction, CONFIG_TYPE_FLOAT, which therefore need not be told again.
 * - A NUL would end the text, and \x00 vanish from within a string: errors.
 * - A string that goes on over its line's end, a comment without end, and one
 *   that goes on after a CR without LF, which many an editor shows as a line
 *   end: most hide what comes after them. The string is closed at the line end.
 * - Two strings side by side become one, so that a comma forgotten makes one
 *   host of two: a string that does not follow = : [ ( or a comma is an error
 *   and left out.
 * - libconfig gives up at the first key given twice. Each name therefore gets a
 *   number of its own, which settings_scan_key takes off again.
 * - A comment that ends with the text, without a line end, would be a syntax
 *   error, and so would a byte order mark. Both are mended silently.
 *
 * Sends each error to the sink with its line. The clean text makes libconfig
 * open no file, whatever it was made of.
 * Pre: text is at most SETTINGS_SCAN_MAX long, clean of SETTINGS_SCAN_SIZE.
 */
void settings_scan(
    struct text_span text, struct text *clean, struct diag_sink *sink);

/* The key as it was written, from its name in the clean text. */
struct text_span settings_scan_key(const char *name);

#endif
