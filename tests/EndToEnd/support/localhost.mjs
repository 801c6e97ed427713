// Tenants are subdomains of localhost here. Not every resolver knows that *.localhost is this machine (RFC 6761), so Node.js learns it.
import dns from 'node:dns'

const lookup = dns.lookup

dns.lookup = (hostname, ...rest) => lookup(hostname.endsWith('.localhost') ? 'localhost' : hostname, ...rest)
