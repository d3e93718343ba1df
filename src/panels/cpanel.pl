#!/usr/bin/perl
#
# A standardized hook of cPanel, registered by manage_hooks, which asks it with
# --describe what it is for. Later the event is JSON on stdin. That holds the
# password of a new account: nothing of it but domains is handed on or shown.
#
# Customers choose what is in the event of a call, and it comes when the call has
# failed, too. So what has become of a domain, and whose it is, is asked of the
# files that root owns.
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

# Who has the domain; undef for nobody. Another spelling of a name that is there
# must not look as if it were gone, and cPanel writes lower case A-labels alone.
sub owner_of {
    my ($name) = @_;
    open my $file, '<', $DOMAINS or die "mta-sts: $DOMAINS: $!\n";
    my %owner = map { /^(\S+):\s*(\S+)\s*$/ ? ( lc $1, $2 ) : () } <$file>;
    return $owner{ lc $name };
}

sub is_ascii {
    my ($name) = @_;
    return 1 if defined $name && !ref $name && $name !~ /[^\x00-\x7f]/;
    warn "mta-sts: no domain as cPanel writes them, in A-labels\n";
    return 0;
}

sub has {
    my ( $user, $name ) = @_;
    return if !is_ascii($name);
    my $owner = owner_of($name) // return;
    return defined $user && $owner eq $user;
}

sub created {
    my ( $data, $name ) = @_;
    return has( $data->{user}, $name ) && hook( 'created', $name );
}

sub aliased {
    my ( $data, $alias, $target ) = @_;
    return created( $data, $alias ) if !defined $target;
    return if !has( $data->{user}, $alias ) || !has( $data->{user}, $target );
    return hook( 'aliased', $alias, $target );
}

sub gone {
    my ($name) = @_;
    return if !is_ascii($name) || defined owner_of($name);
    return hook( 'gone', $name );
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
    [ 'Accounts::Create', 'post', sub { created( $_[0], $_[0]{domain} ) } ],
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
        sub { aliased( $_[0], @{ $_[0] }{ 'new_domain', 'target_domain' } ) }
    ],
    [ 'ParkAdmin::unpark', 'post', sub { gone( $_[0]{domain} ) } ],
);

# The same for calls that users make, in either of cPanel's interfaces.
my @CALLS = (
    [
        'AddonDomain::addaddondomain',
        sub { created( $_[0], $_[1]{newdomain} ) }
    ],
    [
        'AddonDomain::deladdondomain', sub { gone( $_[1]{domain} ) }
    ],
    [
        'Park::park',
        sub { aliased( $_[0], @{ $_[1] }{ 'domain', 'topdomain' } ) }
    ],
    [ 'Park::unpark', sub { gone( $_[1]{domain} ) } ],
);
my @INTERFACES = ( 'Api2', 'UAPI' );

sub renamed {
    my ($data) = @_;
    my $new    = $data->{domain} // $data->{DNS};
    my ($old)  = domains_in( $MAIN_DOMAINS, $data->{user} // '' );
    return if !defined $new || !defined $old || $new eq $old;
    return hook( 'renamed', $old, $new );
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
    return if $event !~ s/^(?:Api2|UAPI):://;
    ($row) = grep { $_->[0] eq $event } @CALLS;
    $row->[1]->( $data, a_hash( $data->{args} ) ) if $row;
    return;
}

if   ( ( $ARGV[0] // '' ) eq '--describe' ) { print describe() }
else                                        { eval { handle(); 1 } or warn $@ }
exit 0;
