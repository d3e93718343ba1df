/*
 * What a tutorial would write: libfcgi's own loop, and the file whose name is
 * made of the Host header, as it lies there. Checks nothing (a Host with
 * slashes reads any file): it is here to be measured, never to be served.
 *
 *   naive DIRECTORY
 */
#include <fcgiapp.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#define PREFIX "mta-sts."

static void
answer(FCGX_Request *request, const char *directory)
{
	const char *host = FCGX_GetParam("HTTP_HOST", request->envp);
	char path[PATH_MAX], body[65536];
	FILE *file = NULL;
	size_t length;

	if (host != NULL && strncmp(host, PREFIX, strlen(PREFIX)) == 0) {
		(void)snprintf(path, sizeof(path), "%s/%s.txt", directory,
		    host + strlen(PREFIX));
		file = fopen(path, "r");
	}
	if (file == NULL) {
		(void)FCGX_FPrintF(request->out,
		    "Status: 404 Not Found\r\n"
		    "Content-Type: text/plain\r\n\r\n"
		    "404 Not Found\r\n");
		return;
	}
	length = fread(body, 1, sizeof(body), file);
	(void)fclose(file);
	(void)FCGX_FPrintF(request->out,
	    "Content-Type: text/plain\r\nContent-Length: %d\r\n\r\n",
	    (int)length);
	(void)FCGX_PutStr(body, (int)length, request->out);
}

int
main(int argc, char **argv)
{
	FCGX_Request request;

	if (argc != 2 || FCGX_Init() != 0 ||
	    FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		answer(&request, argv[1]);
		FCGX_Finish_r(&request);
	}
	return 0;
}
