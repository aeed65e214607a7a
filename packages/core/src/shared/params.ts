/**
 * The service as callers without types may use it: a missing params object is read as an empty one, so that the method's own
 * checks name what is missing, as one typed error.
 */
export function withParams<Service extends object>(service: Service): Service {
  const methods = Object.entries(service).map(([name, method]: [string, (...params: unknown[]) => unknown]) => [
    name,
    (params: unknown, ...rest: unknown[]) => method(params ?? {}, ...rest),
  ])
  return Object.fromEntries(methods) as Service
}
