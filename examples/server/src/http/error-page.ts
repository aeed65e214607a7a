import type { Problem } from '../problem.ts'
import type { Locale } from './language.ts'
import type { Reply } from './route.ts'

const escapes: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
}
const escaped = (text: string): string => text.replace(/[&<>"']/g, (character) => escapes[character]!)

const home: Readonly<Record<Locale, string>> = { ko: '처음으로', en: 'Back to the start' }

/** What a person sees instead of problem+json: the same status and title, and a way on. */
export const errorPage = ({ status, headers, body }: Problem, locale: Locale): Reply => ({
  status,
  headers,
  content: {
    type: 'text/html; charset=utf-8',
    bytes: `<!doctype html>
<html lang="${locale}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${escaped(body.title)}</title>
<link rel="icon" href="/assets/icon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/assets/style.css">
</head>
<body class="notice">
<main class="card">
<p class="eyebrow">${status} · ${escaped(body.code)}</p>
<h1>${escaped(body.title)}</h1>
<p><a class="button" href="/">${home[locale]}</a></p>
</main>
</body>
</html>
`,
  },
})
