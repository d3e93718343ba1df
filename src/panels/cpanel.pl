#!/usr/bin/perl
#
# A standardized hook of cPanel, registered by manage_hooks, which asks it with
# --describe what it is for. Later the event is JSON on stdin. That holds the
# password of a new account: nothing of it but domains is handed on or shown.
#
# Perl, since JSON wants a parser: JSON::PP comes with perl itself, on cPanel's
# systems and on Debian.
use strict;
use warnings;
use Cwd            ();
use File::Basename ();
use JSON::PP       ();

my $DOMAINS      = '/etc/userdomains';        # "domain: user" a line
my $MAIN_DOMAINS = '/etc/trueuserdomains';    # the same, one for each user

my $self = Cwd::abs_path($0);

sub hook {
    my @words = map { defined && !ref ? $_ : '' } @_;
    if ( grep { /\0/ } @words ) {
        warn "mta-sts: no domain has a NUL in it\n";
        return;
    }
    utf8::encode($_) for @words;
    return system { File::Basename::dirname($self) . '/hook' } 'hook', @words;
}

sub domains_in {
    my ( $path, $user ) = @_;
    open my $file, '<', $path or return ();
    return map { /^(\S+):\s*(\S+)\s*$/ && $2 eq $user ? $1 : () } <$file>;
}

# The main domain last, since others are aliases of it.
sub domains_of {
    my ($user) = @_;
    my ($main) = domains_in( $MAIN_DOMAINS, $user );
    return domains_in( $DOMAINS, $user ) if !defined $main;
    return ( ( grep { $_ ne $main } domains_in( $DOMAINS, $user ) ), $main );
}

# A handler for each event, given its data and the arguments in them. Who belongs
# to an account, and under which name, is only known before it is changed or
# removed.
my @EVENTS = (
    [ 'Accounts::Create', 'post', sub { hook( 'created', $_[0]{domain} ) } ],
    [ 'Accounts::Modify', 'pre',  \&renamed ],
    [
        'Accounts::Remove', 'pre',
        sub { hook( 'gone', $_ ) for domains_of( $_[0]{user} // '' ) }
    ],
    [
        'Accounts::suspendacct', 'post',
        sub { hook( 'gone', $_ ) for domains_of( $_[0]{user} // '' ) }
    ],
    [
        'Accounts::unsuspendacct', 'post',
        sub { hook( 'created', $_ ) for domains_of( $_[0]{user} // '' ) }
    ],
    [
        'Domain::park', 'post',
        sub { hook( 'aliased', $_[0]{new_domain}, $_[0]{target_domain} ) }
    ],
    [ 'ParkAdmin::unpark', 'post', sub { hook( 'gone', $_[0]{domain} ) } ],
);

# The same for calls that users make, in either of cPanel's interfaces.
my @CALLS = (
    [
        'AddonDomain::addaddondomain',
        sub { hook( 'created', $_[1]{newdomain} ) }
    ],
    [
        'AddonDomain::deladdondomain', sub { hook( 'gone', $_[1]{domain} ) }
    ],
    [ 'Park::park',   \&parked ],
    [ 'Park::unpark', sub { hook( 'gone', $_[1]{domain} ) } ],
);
my @INTERFACES = ( 'Api2', 'UAPI' );

sub renamed {
    my ($data) = @_;
    my $new    = $data->{domain} // $data->{DNS};
    my ($old)  = domains_in( $MAIN_DOMAINS, $data->{user} // '' );
    return if !defined $new || !defined $old || $new eq $old;
    return hook( 'renamed', $old, $new );
}

sub parked {
    my ( undef, $arguments ) = @_;
    my ( $alias, $target ) = @{$arguments}{ 'domain', 'topdomain' };
    return hook( 'created', $alias ) if !defined $target;
    return hook( 'aliased', $alias, $target );
}

# What of Api2 has failed comes all the same.
sub has_failed {
    my ($data) = @_;
    my $output = $data->{output};
    my $first  = ref $output eq 'ARRAY' ? a_hash( $output->[0] ) : {};
    return exists $first->{result} && !$first->{result};
}

sub describe {
    my @hooks = map {
        { category => 'Whostmgr', event => $_->[0], stage => $_->[1] }
    } @EVENTS;
    for my $interface (@INTERFACES) {
        push @hooks, map {
            {
                category      => 'Cpanel',
                event         => "${interface}::$_->[0]",
                stage         => 'post',
                escalateprivs => 1,
            }
        } @CALLS;
    }
    @{$_}{ 'hook', 'exectype' } = ( $0, 'script' ) for @hooks;
    return JSON::PP->new->canonical->encode( \@hooks ) . "\n";
}

sub a_hash {
    my ($value) = @_;
    return ref $value eq 'HASH' ? $value : {};
}

sub handle {
    local $/ = undef;
    my $input = eval { JSON::PP::decode_json( scalar <STDIN> ) };
    if ( ref $input ne 'HASH' ) {

        # Without the parser's message, which quotes the input.
        warn "mta-sts: cPanel's event is no JSON\n";
        return;
    }
    my $event = a_hash( $input->{context} )->{event} // '';
    my $data  = a_hash( $input->{data} );
    local $/ = "\n";
    my ($row) = grep { $_->[0] eq $event } @EVENTS;
    return $row->[2]->( $data, {} ) if $row;
    return if has_failed($data) || $event !~ s/^(?:Api2|UAPI):://;
    ($row) = grep { $_->[0] eq $event } @CALLS;
    $row->[1]->( $data, a_hash( $data->{args} ) ) if $row;
    return;
}

if   ( ( $ARGV[0] // '' ) eq '--describe' ) { print describe() }
else                                        { handle() }
exit 0;
