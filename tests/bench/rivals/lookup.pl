#!/usr/bin/perl
# What a tutorial would write as a CGI: see naive.c. POLICIES is a parameter
# that the web server sends.
use strict;
use warnings;

my ($domain) = ($ENV{HTTP_HOST} // '') =~ /^mta-sts\.(.*)/;
if (defined $domain and open my $file, '<', "$ENV{POLICIES}/$domain.txt") {
    print "Content-Type: text/plain\r\n\r\n", <$file>;
} else {
    print "Status: 404 Not Found\r\nContent-Type: text/plain\r\n\r\n";
    print "404 Not Found\r\n";
}
