/*
 * The signals that end the service: SIGTERM, SIGINT, SIGUSR1 and SIGHUP. They
 * wait until somebody lets them in. What ending means is for server.
 */
#ifndef MTASTS_SIGNALS_H
#define MTASTS_SIGNALS_H

#include <signal.h>

/*
 * Blocks them, so that none is lost and none interrupts a request; *unblocked
 * becomes the mask that lets them in, for epoll_pwait.
 */
void signals_block(sigset_t *unblocked);

/* Handles them, and ignores SIGPIPE. To be called after fastcgi_init. */
void signals_handle(void);

/* Lets those in that have come by now. Pre: unblocked is signals_block's. */
void signals_let_in(const sigset_t *unblocked);

/* The last one that was let in, 0 for none. */
int signals_caught(void);

#endif
