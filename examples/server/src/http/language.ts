export type Locale = 'ko' | 'en'

/** The language of titles and messages: the best of ko and en that `Accept-Language` names, Korean by default. */
export function localeOf(acceptLanguage: string | undefined): Locale {
  if (acceptLanguage === undefined) return 'ko'
  let best: { locale: Locale; weight: number } = { locale: 'ko', weight: 0 }
  for (const part of acceptLanguage.split(',', 20)) {
    const [tag = '', ...parameters] = part.trim().toLowerCase().split(';')
    const locale = tag.startsWith('ko') ? 'ko' : tag.startsWith('en') ? 'en' : null
    const weight = weightOf(parameters)
    if (locale !== null && weight > best.weight) best = { locale, weight }
  }
  return best.locale
}

function weightOf(parameters: readonly string[]): number {
  const q = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('q='))
  const weight = q === undefined ? 1 : Number(q.slice(2))
  return Number.isFinite(weight) ? weight : 0
}
