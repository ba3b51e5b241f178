import { type Field, fields, groups, read, type Settings, strategies, write } from './settings.ts'

/** Makes an element; attributes by name, children in order. */
export function make<Name extends keyof HTMLElementTagNameMap>(name: Name, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

const idOf = (name: string): string => `field-${name.replace('.', '-')}`

function control(name: string, field: Field, text: string): HTMLElement {
  const id = idOf(name)
  if (field.kind === 'choice') {
    const options = Object.entries(field.choices).map(([value, label]) => make('option', value === text ? { value, selected: '' } : { value }, label))
    return make('select', { id, name }, ...options)
  }
  if (field.kind === 'switch') return make('input', { id, name, type: 'checkbox', ...(text === 'true' && { checked: '' }) })
  // Not type="number": that hides what was typed when it is no number, and turns with the mouse wheel.
  return make('input', { id, name, value: text, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `${id}-problem`, ...(field.kind === 'number' ? { inputmode: 'decimal' } : { type: 'url', inputmode: 'url' }) })
}

function row(name: string, field: Field, text: string): HTMLElement {
  const id = idOf(name)
  const unit = field.kind === 'number' ? [field.unit, field.optional && 'optional'].filter(Boolean).join(', ') : ''
  return make(
    'div',
    { class: `row ${field.kind}`, 'data-row': name },
    make('label', { for: id }, field.label, ...(unit ? [make('small', {}, ` ${unit}`)] : [])),
    control(name, field, text),
    make('p', { class: 'problem', id: `${id}-problem` }),
  )
}

/** Shows the form in `parent`, and tells `changed` about everything that can be used, first as it is at the start. */
export function showForm(parent: HTMLElement, changed: (settings: Settings | undefined) => void): void {
  const start = new URLSearchParams(location.hash.slice(1))
  for (const [title, group] of Object.entries(groups)) {
    const rows = Object.entries(group).map(([name, field]) => row(name, field, start.get(name) ?? write(field.initial)))
    parent.append(make('fieldset', {}, make('legend', {}, title), ...rows))
  }
  const input = (name: string): HTMLInputElement | HTMLSelectElement => document.querySelector(`#${idOf(name)}`)!
  const typed = (name: string): string => {
    const element = input(name)
    return element instanceof HTMLInputElement && element.type === 'checkbox' ? String(element.checked) : element.value
  }

  const update = (): void => {
    const settings: Record<string, number | string | boolean> = {}
    const shared = new URLSearchParams()
    let good = true
    for (const [name, field] of Object.entries(fields)) {
      const text = typed(name)
      const row = document.querySelector<HTMLElement>(`[data-row="${name}"]`)!
      row.hidden = !isOfUse(name, settings)
      const answer = row.hidden ? { value: field.initial } : read(field, text)
      const problem = 'problem' in answer ? answer.problem : name === 'url' && !row.hidden ? problemOfUrl(text) : ''
      row.querySelector('.problem')!.textContent = problem
      input(name).toggleAttribute('aria-invalid', problem !== '')
      if (problem) good = false
      if ('value' in answer) settings[name] = answer.value
      if (!row.hidden && text !== write(field.initial)) shared.set(name, text)
    }
    // A link to the page as it is now.
    history.replaceState(null, '', shared.size > 0 ? `#${shared}` : location.pathname + location.search)
    changed(good ? settings : undefined)
  }
  parent.addEventListener('input', update)
  update()
}

/** Whether a field has a say in what else was chosen. */
function isOfUse(name: string, settings: Settings): boolean {
  const [strategy, option] = name.split('.')
  if (option !== undefined && strategy! in strategies) return strategy === settings.wait
  if (['failureThreshold', 'recoveryTimeout'].includes(name)) return settings.breaker === true
  if (['hedgeWait', 'maxHedge'].includes(name)) return settings.hedge === true
  if (name === 'url') return settings.service === 'url'
  if (name === 'speed' || name in groups.Service!) return name === 'service' || settings.service === 'simulated'
  return true
}

function problemOfUrl(text: string): string {
  const url = URL.parse(text, location.href)
  return text && url && /^https?:$/.test(url.protocol) ? '' : 'Needs an address, such as https://example.com/.'
}
