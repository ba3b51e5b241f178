import { Converter, JSX } from 'typedoc'

/**
 * A plugin of typedoc: names each document by its first heading instead of its file, and puts a link to the playground beside
 * every page.
 *
 * @param {import('typedoc').Application} app
 */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_, document) => {
    const heading = /^# (.+)$/m.exec(document.content.map(({ text }) => text).join(''))
    if (heading) document.name = heading[1].replaceAll('`', '')
  })
  app.renderer.hooks.on('pageSidebar.begin', ({ relativeURL }) =>
    JSX.createElement('p', null, JSX.createElement('a', { href: relativeURL('playground/index.html') }, 'Playground')),
  )
}
