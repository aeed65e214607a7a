import { type Step, steps } from './steps.ts'

const [name = '', ...args] = process.argv.slice(2)
const step: Step | undefined = Object.entries(steps).find(([key]) => key === name)?.[1]
if (step === undefined) throw new Error(`no such step: ${name}`)
process.exitCode = (await step.run(args)) ? 0 : 1
