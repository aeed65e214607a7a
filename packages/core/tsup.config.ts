import { defineConfig } from 'tsup'

export default defineConfig({
  entry: ['src/index.ts', 'src/ports.ts', 'src/adapter-kit.ts', 'src/memory.ts', 'src/conformance.ts'],
  format: 'esm',
  target: 'node22',
  dts: true,
  sourcemap: true,
  clean: true,
})
