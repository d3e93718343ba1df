/*
 * The times of TLS reports; see tlsrpt_read.h.
 */
#include "tlsrpt_read.h"

#include "tlsrpt.h"

/* Takes so many digits off the beginning. */
static bool
take_number(struct text_span *rest, size_t digits, int *number)
{
	uint64_t value;

	if (rest->length < digits ||
	    !text_decimal(
		(struct text_span){ rest->at, digits }, digits, &value))
		return false;
	*number = (int)value;
	rest->at += digits;
	rest->length -= digits;
	return true;
}

static bool
take(struct text_span *rest, char c)
{
	if (rest->length == 0 || text_lower(rest->at[0]) != c)
		return false;
	rest->at++;
	rest->length--;
	return true;
}

static bool
take_date(struct text_span *rest, struct tm *utc)
{
	if (!take_number(rest, 4, &utc->tm_year) || !take(rest, '-') ||
	    !take_number(rest, 2, &utc->tm_mon) || !take(rest, '-') ||
	    !take_number(rest, 2, &utc->tm_mday))
		return false;
	if (utc->tm_year < 1970 || utc->tm_mon < 1 || utc->tm_mon > 12 ||
	    utc->tm_mday < 1 || utc->tm_mday > 31)
		return false;
	utc->tm_year -= 1900;
	utc->tm_mon--;
	return true;
}

static bool
take_clock(struct text_span *rest, struct tm *utc)
{
	if (!take_number(rest, 2, &utc->tm_hour) || !take(rest, ':') ||
	    !take_number(rest, 2, &utc->tm_min))
		return false;
	if (take(rest, ':') && !take_number(rest, 2, &utc->tm_sec))
		return false;
	if (take(rest, '.') || take(rest, ',')) {
		if (rest->length == 0 || !text_is_digit(rest->at[0]))
			return false;
		while (rest->length > 0 && text_is_digit(rest->at[0]))
			(void)take(rest, rest->at[0]);
	}
	return utc->tm_hour <= 24 && utc->tm_min < 60 && utc->tm_sec <= 60;
}

/* The seconds that a zone is ahead of UTC. */
static bool
take_zone(struct text_span *rest, int *ahead)
{
	int sign, hours, minutes;

	*ahead = 0;
	if (take(rest, 'z') || rest->length == 0)
		return true;
	sign = take(rest, '-') ? -1 : 1;
	if (sign > 0 && !take(rest, '+'))
		return false;
	if (!take_number(rest, 2, &hours))
		return false;
	(void)take(rest, ':');
	if (!take_number(rest, 2, &minutes))
		return false;
	*ahead = sign * (hours * 3600 + minutes * 60);
	return hours < 24 && minutes < 60;
}

bool
tlsrpt_time(struct text_span span, time_t *time)
{
	struct text_span rest = text_trim(span);
	struct tm utc = { 0 };
	int ahead = 0;

	if (!take_date(&rest, &utc))
		return false;
	if (rest.length > 0) {
		if (!take(&rest, 't') && !take(&rest, ' '))
			return false;
		if (!take_clock(&rest, &utc))
			return false;
		rest = text_trim(rest);
		if (!take_zone(&rest, &ahead) || rest.length > 0)
			return false;
	}
	*time = timegm(&utc) - ahead;
	return *time >= 0;
}
