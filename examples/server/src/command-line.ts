/** The server's settings come from the environment; its command line knows `--help` alone. */

export const help = `npm start: the server. Its settings come from the environment: PORT=4000 npm start

HOST=127.0.0.1 PORT=3000             where it listens
REDIS_URL                            line and seats on Redis; embedded without it
MYSQL_URL KAFKA_BROKERS ROLE=all     the record and the messages of several processes
GATEWAY_URL                          a payment gateway of its own; the sandbox in this process without it
SMTP_URL MAIL_FROM                   a mail server; without one mails stay at /dev/mail
VENUE_FILE                           a venue to sell instead of the ballpark; a relative path begins at the folder
                                     the server runs in, which with npm start is the project's root
TOKEN_SECRETS=kid:secret,…           the first signs, all verify; made up when all is embedded outside production
WEBHOOK_SECRET=whsec_<base64>        the same
ADMIN_TOKEN                          opens the operators' routes; at least 24 characters
NODE_ENV=production                  demands the secrets, makes cookies Secure, closes /dev/*
TRUST_PROXY=0 ALLOWED_ORIGINS        proxies to believe; other pages that may call
GROUP_SIZE=120 PASS_TTL_SECONDS=600 HOLD_TTL_SECONDS=300 MAX_SEATS_PER_VISITOR=4
ADMISSION_RATE_PER_MINUTE=7200 ADMISSION_CAPACITY=2400
JOINS_PER_MINUTE_PER_ADDRESS=6000 REQUESTS_PER_SECOND_PER_ADDRESS=2000
LOG_LEVEL=info                       fatal, error, warn, info, debug, silent

examples/server/README.md says more of each.`

/** What to print and the exit code, when there were arguments; null: serve. */
export function answerArguments(args: readonly string[]): { readonly code: 0 | 2; readonly text: string } | null {
  if (args.length === 0) return null
  if (args.includes('--help') || args.includes('-h')) return { code: 0, text: help }
  const text = `error: npm start takes no arguments, and there is '${args.join(' ')}'; settings come from the environment, e.g. PORT=4000 npm start (--help lists them)`
  return { code: 2, text }
}
