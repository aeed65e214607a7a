import { execFile } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { promisify } from 'node:util'
import { root, tool } from '../../../scripts/run.ts'

export const coreFolder = join(root, 'packages/core')

const execute = promisify(execFile)

/** The environment of somebody else: nothing of ours reaches the project through it. */
const { NODE_OPTIONS: _, ...env } = process.env

async function run(file: string, args: readonly string[], cwd: string): Promise<string> {
  try {
    return (await execute(file, [...args], { cwd, env, shell: process.platform === 'win32' })).stdout
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string }
    throw new Error(`${file} ${args.join(' ')} failed\n${stdout}${stderr}`, { cause: error })
  }
}

/** Builds and packs @b-ticketing/core as it would be published. */
export async function packCore(folder: string): Promise<string> {
  const { file, args } = tool('pnpm', 'pack', '--silent', '--pack-destination', folder)
  await run(file, args, coreFolder)
  const [tarball, ...others] = (await readdir(folder)).filter((name) => name.endsWith('.tgz'))
  if (tarball === undefined || others.length > 0) throw new Error('expected one tarball')
  return join(folder, tarball)
}

/** An empty project outside of this repository, with the tarball installed by npm without a network. */
export class ConsumerProject implements AsyncDisposable {
  readonly folder: string

  private constructor(folder: string) {
    this.folder = folder
  }

  static async create(p: { tarball: string; type: 'module' | 'commonjs' }): Promise<ConsumerProject> {
    const project = new ConsumerProject(await temporaryFolder('consumer'))
    await project.write('package.json', JSON.stringify({ name: 'consumer', private: true, type: p.type }))
    await run('npm', ['install', '--offline', '--no-audit', '--no-fund', p.tarball], project.folder)
    return project
  }

  async write(name: string, text: string): Promise<void> {
    await writeFile(join(this.folder, name), text)
  }

  /** Makes a package of this repository's node_modules available, as if it were installed. */
  async link(name: string): Promise<void> {
    const target = join(this.folder, 'node_modules', name)
    await mkdir(dirname(target), { recursive: true })
    await symlink(join(root, 'node_modules', name), target, 'junction')
  }

  node(...args: string[]): Promise<string> {
    return run(process.execPath, args, this.folder)
  }

  tsc(...args: string[]): Promise<string> {
    const { file, args: all } = tool('tsc', ...args)
    return run(file, all, this.folder)
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await rm(this.folder, { recursive: true, force: true })
  }
}

export const temporaryFolder = (name: string): Promise<string> => mkdtemp(join(tmpdir(), `b-ticketing-${name}-`))
