/** A mail as `/dev/mail` shows it. */
export interface Mail {
  readonly to: string
  readonly subject: string
  readonly text: string
  readonly messageId: string
  readonly at: number
}

export interface Mailbox {
  add(mail: Mail): void
  messages(): readonly Mail[]
}

/** The mails of this process, the oldest giving way beyond `limit`. */
export function createMailbox(limit = 100_000): Mailbox {
  const mails: Mail[] = []
  return {
    add: (mail) => {
      mails.push(mail)
      if (mails.length > limit) mails.shift()
    },
    messages: () => mails,
  }
}
