// The proxy in front of several servers: HOST, PORT (8080), UPSTREAM (http://server:3000, every address of that name).
import { lookup } from 'node:dns/promises'
import closeWithGrace from 'close-with-grace'
import { createProxy, type Target } from './proxy.ts'

const { HOST = '127.0.0.1', PORT = '8080', UPSTREAM = '' } = process.env
if (!URL.canParse(UPSTREAM)) {
  console.error('the proxy needs UPSTREAM, such as http://server:3000')
  process.exit(1)
}
const { hostname, port } = new URL(UPSTREAM)

// Servers come and go: their name is looked up again every second.
let known: { readonly targets: Promise<readonly Target[]>; readonly until: number } | undefined
function targets(): Promise<readonly Target[]> {
  if (known === undefined || known.until < Date.now()) {
    const found = lookup(hostname, { all: true }).then((all) =>
      all.map(({ address }) => ({ host: address, port: Number(port || 80) })),
    )
    known = { targets: found, until: Date.now() + 1_000 }
  }
  return known.targets
}

const proxy = createProxy(targets)
proxy.listen(Number(PORT), HOST, () => console.log(`proxy on http://${HOST}:${PORT} in front of ${UPSTREAM}`))
closeWithGrace({ delay: 10_000, logger: false }, async () => {
  proxy.close()
  proxy.closeIdleConnections()
})
