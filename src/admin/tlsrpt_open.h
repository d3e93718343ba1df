/*
 * The files of TLS reports: a file, a directory of them, a maildir, standard
 * input. What is in a file is tlsrpt_unpack's.
 */
#ifndef MTASTS_TLSRPT_OPEN_H
#define MTASTS_TLSRPT_OPEN_H

#include "admin.h"
#include "tlsrpt_unpack.h"

/* An mbox may be that long; of it and of the longest report memory is taken. */
#define TLSRPT_FILE_MAX ((size_t)64 << 20)

/*
 * Unpacks what an operand names: "-" is standard input; of a directory its
 * regular files, or those of new and cur if it is a maildir, hidden ones left
 * out. What the system refuses is told on stderr and is ADMIN_SYSTEM, and the
 * other files of a directory are still read.
 */
enum admin_exit tlsrpt_open(struct tlsrpt_unpack *unpack, const char *operand);

#endif
