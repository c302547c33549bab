#!/usr/bin/perl
# line_server.pl FILE: a server that hands out the lines of FILE, once, to whoever is connected.
# What it has written it cannot resend, as is so with plain sockets. perl is on every Debian
# machine. On its output: the port, each connection, and how far it is:
#   port 40123
#   connection 1 begins with line 1
#   sent 100
use strict;
use warnings;
use IO::Socket::INET;

$| = 1;
$SIG{PIPE} = 'IGNORE';
open my $file, '<', $ARGV[0] or die "$ARGV[0]: $!\n";
my @lines = <$file>;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', LocalPort => 0, Listen => 1)
  or die "listen: $!\n";
print 'port ', $listener->sockport, "\n";

my $next = 0;
for (my $connection = 1; my $client = $listener->accept; ++$connection) {
  print "connection $connection begins with line ", $next + 1, "\n";
  my $there = 1;
  while ($there && $next < @lines) {
    $there = syswrite($client, $lines[$next++]);
    print "sent $next\n" if $next % 100 == 0;
    select undef, undef, undef, 0.005 if $next % 5 == 0;
  }
  # The client never writes: this waits until it is gone.
  sysread $client, my $byte, 1 if $there;
}
