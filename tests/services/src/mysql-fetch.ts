import { mkdir, readdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { cached } from './cache.ts'
import { assertDebianAsRoot, updateLists } from './install.ts'
import { exec } from './local.ts'

// Debian stable has no MySQL, sid has. Its server cannot be installed beside stable's libraries, but it runs from a folder
// of its own, together with the libraries it was built for: nothing of the machine changes.

const libraries = 'usr/lib/x86_64-linux-gnu'

/** The command that runs a MySQL server on this machine, fetched when it is not here yet. @throws Error that says why not */
export async function fetchMysqld(): Promise<readonly string[]> {
  const root = await cached('mysql-9', unpack)
  return [
    join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
    ...['--library-path', `${join(root, libraries)}:${join(root, 'usr/lib/mysql/private')}`],
    ...[join(root, 'usr/sbin/mysqld'), '--no-defaults', `--basedir=${join(root, 'usr')}`],
    ...[`--lc-messages-dir=${join(root, 'usr/share/mysql')}`, `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`],
  ]
}

async function unpack(root: string): Promise<void> {
  await assertDebianAsRoot('MySQL')
  const architecture = (await exec('dpkg', '--print-architecture')).trim()
  if (architecture !== 'amd64') throw new Error(`MySQL is fetched for amd64 only, this is ${architecture}`)
  const apt = join(root, 'apt')
  const archives = join(apt, 'cache/archives')
  await download(apt)
  for (const file of await readdir(archives)) {
    if (isNeeded(file)) await exec('dpkg-deb', '-x', join(archives, file), root)
  }
  await Promise.all([apt, ...['doc', 'man', 'locale'].map((name) => join(root, 'usr/share', name))].map(remove))
  const program = join(root, 'usr/sbin/mysqld')
  await exec(
    join(root, 'usr/lib64/ld-linux-x86-64.so.2'),
    '--library-path',
    join(root, libraries),
    program,
    '--version',
  )
}

/** Of all that a whole Debian would need: the server and the libraries that it is linked to. */
const isNeeded = (file: string): boolean =>
  /^(mysql-server-core|lib|zlib1g).*[.]deb$/.test(file) &&
  !/^lib(perl|crypt-dev|debconf|pam-|systemd-shared)/.test(file)

const remove = (path: string): Promise<void> => rm(path, { recursive: true, force: true })

/** The packages of sid, by an apt that knows nothing of this machine's packages and leaves its lists alone. */
async function download(folder: string): Promise<void> {
  await mkdir(join(folder, 'lists/partial'), { recursive: true })
  await mkdir(join(folder, 'cache/archives/partial'), { recursive: true })
  const key = '/usr/share/keyrings/debian-archive-keyring.gpg'
  await writeFile(join(folder, 'sources.list'), `deb [signed-by=${key}] ${await mirror()} sid main\n`)
  await writeFile(join(folder, 'status'), '')
  const options = [
    `Dir::Etc::sourcelist=${join(folder, 'sources.list')}`,
    'Dir::Etc::sourceparts=/dev/null',
    `Dir::State::lists=${join(folder, 'lists')}`,
    `Dir::State::status=${join(folder, 'status')}`,
    `Dir::Cache=${join(folder, 'cache')}`,
    'APT::Sandbox::User=root',
    'Debug::NoLocking=1',
    'Acquire::Languages=none',
    'Acquire::Retries=2',
  ].flatMap((option) => ['-o', option])
  await exec('apt-get', ...options, '-qq', 'update')
  await exec(
    ...['apt-get', ...options, '-qq', '-y', '--no-install-recommends', '--download-only', 'install'],
    ...['mysql-server-core', 'libjemalloc2-'],
  )
}

/** Where this machine's own packages come from. */
async function mirror(): Promise<string> {
  const find = async () => {
    const format = '$(COMPONENT) $(REPO_URI)'
    const targets = await exec('apt-get', 'indextargets', '--format', format, 'Identifier: Packages')
    return targets.match(/^main (.*[/]debian[/]?)$/m)?.[1]
  }
  // Without lists apt tells of no targets.
  const found = (await find()) ?? (await updateLists().then(find))
  if (found === undefined) throw new Error('MySQL: no mirror of Debian among the sources of apt')
  return found
}
