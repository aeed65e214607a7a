// The node-<platform> packages give `os` and `cpu` as plain strings; pnpm reads lists only and would install all of them.
const list = (value) => (typeof value === 'string' ? [value] : value)

module.exports = {
  hooks: {
    readPackage: (pkg) =>
      /^node-(bin-)?(linux|darwin|win)-/.test(pkg.name) ? { ...pkg, os: list(pkg.os), cpu: list(pkg.cpu) } : pkg,
  },
}
