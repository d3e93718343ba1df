/*
 * The least that libfcgi can do: its own loop, and the same policy for
 * everyone. Looks at nothing that is asked.
 */
#include <fcgiapp.h>

#define BODY                                                                   \
	"version: STSv1\r\nmode: enforce\r\nmx: mx1.example.com\r\n"           \
	"mx: mx2.example.com\r\nmx: *.mail.example.com\r\nmax_age: 604800\r\n"

static const char answer[] =
    "Content-Type: text/plain\r\nContent-Length: 114\r\n\r\n" BODY;

_Static_assert(sizeof(BODY) - 1 == 114, "its Content-Length");

int
main(void)
{
	FCGX_Request request;

	if (FCGX_Init() != 0 || FCGX_InitRequest(&request, 0, 0) != 0)
		return 1;
	while (FCGX_Accept_r(&request) == 0) {
		(void)FCGX_PutStr(answer, sizeof(answer) - 1, request.out);
		FCGX_Finish_r(&request);
	}
	return 0;
}
