import { Converter, JSX } from 'typedoc'

/**
 * A plugin of typedoc: names each document by its first heading instead of its file, and puts a link to the playground beside
 * every page.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const [part] = document.content
    const heading = /^# (.+)$/m.exec(part?.kind === 'text' ? part.text : '')
    if (!heading) return
    document.name = heading[1].replaceAll('`', '')
    part.text = part.text.replace(heading[0], '').trimStart()
  })
  app.renderer.hooks.on('pageSidebar.begin', ({ relativeURL }) =>
    JSX.createElement('p', { class: 'tsd-playground' }, JSX.createElement('a', { href: relativeURL('playground/index.html') }, 'Playground')),
  )
}
