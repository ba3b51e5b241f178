import { compare, type Field, fields, initial, policyFields, policyGroups, read, secondGroups, type Settings, strategies, worldGroups, write } from './settings.ts'

/** Makes an element; attributes by name, children in order. */
export function make<Name extends keyof HTMLElementTagNameMap>(name: Name, attributes: Record<string, string> = {}, ...children: (Node | string)[]): HTMLElementTagNameMap[Name] {
  const element = document.createElement(name)
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value)
  element.append(...children)
  return element
}

const idOf = (name: string): string => `field-${name.replaceAll('.', '-')}`

function control(name: string, field: Field): HTMLElement {
  const id = idOf(name)
  if (field.kind === 'choice') return make('select', { id, name }, ...Object.entries(field.choices).map(([value, label]) => make('option', { value }, label)))
  if (field.kind === 'switch') return make('input', { id, name, type: 'checkbox' })
  // Not type="number": that hides what was typed when it is no number, and turns with the mouse wheel.
  return make('input', { id, name, autocomplete: 'off', spellcheck: 'false', 'aria-describedby': `${id}-problem`, ...(field.kind === 'number' ? { inputmode: 'decimal' } : { type: 'url', inputmode: 'url' }) })
}

function row(name: string, field: Field): HTMLElement {
  const id = idOf(name)
  const unit = field.kind === 'number' ? [field.unit, field.optional && 'optional'].filter(Boolean).join(', ') : ''
  return make(
    'div',
    { class: `row ${field.kind}`, 'data-row': name },
    make('span', { class: 'label' }, make('label', { for: id }, field.label), ...(unit ? [' ', make('small', {}, unit)] : []), ...(field.option ? [' ', make('code', {}, field.option)] : [])),
    control(name, field),
    make('p', { class: 'problem', id: `${id}-problem` }),
  )
}

const groupsOf = (groups: Readonly<Record<string, Readonly<Record<string, Field>>>>, more = ''): HTMLElement[] =>
  Object.entries(groups).map(([title, group]) => make('fieldset', {}, make('legend', {}, title + more), ...Object.entries(group).map(([name, field]) => row(name, field))))

/** The form of the page. */
export interface Form {
  /** Puts something in all its fields, and tells that it has changed. */
  set(settings: Settings): void
}

/**
 * Shows the form in `parent`, filled by the address of the page, and tells `changed` about everything that can be used, first as it is at the
 * start. The address follows.
 */
export function showForm(parent: HTMLElement, changed: (settings: Settings | undefined) => void): Form {
  const second = make('div', { id: 'second' }, ...groupsOf(secondGroups, ' of B'))
  parent.append(
    make('div', { class: 'policies' }, make('div', {}, ...groupsOf(policyGroups)), make('div', {}, make('fieldset', {}, make('legend', {}, 'Second policy'), row('compare', compare)), second)),
    ...groupsOf(worldGroups),
  )
  const input = (name: string): HTMLInputElement | HTMLSelectElement => document.querySelector(`#${idOf(name)}`)!
  const type = (name: string, text: string): void => {
    const element = input(name)
    if (element instanceof HTMLInputElement && element.type === 'checkbox') element.checked = text === 'true'
    else element.value = text
  }
  const typed = (name: string): string => {
    const element = input(name)
    return element instanceof HTMLInputElement && element.type === 'checkbox' ? String(element.checked) : element.value
  }

  const update = (): void => {
    const settings: Record<string, number | string | boolean> = {}
    const shared = new URLSearchParams()
    let good = true
    // What others depend on comes first.
    settings['service'] = typed('service')
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
    second.hidden = !settings['compare']
    for (const group of parent.querySelectorAll('fieldset')) group.hidden = [...group.querySelectorAll<HTMLElement>('.row')].every(({ hidden }) => hidden)
    // A link to the page as it is now.
    history.replaceState(null, '', shared.size > 0 ? `#${shared}` : location.pathname + location.search)
    changed(good ? settings : undefined)
  }

  const fill = (texts: (name: string) => string | null): void => {
    for (const [name, field] of Object.entries(fields)) {
      const text = texts(name) ?? write(field.initial)
      type(name, field.kind === 'choice' && !(text in field.choices) ? write(field.initial) : text)
    }
    update()
  }
  const fromAddress = (): void => {
    const chosen = new URLSearchParams(location.hash.slice(1))
    fill((name) => chosen.get(name))
  }
  parent.addEventListener('input', update)
  addEventListener('hashchange', fromAddress)
  fromAddress()
  return { set: (settings) => fill((name) => write(settings[name] ?? initial[name]!)) }
}

/** Whether a field has a say in what else was chosen. */
function isOfUse(name: string, settings: Settings): boolean {
  const isReal = settings.service === 'url'
  if (name === 'compare') return !isReal
  if (name.startsWith('b.')) return settings.compare === true && isOfPolicy(name.slice(2), (other) => settings[`b.${other}`])
  if (name in policyFields) return isOfPolicy(name, (other) => settings[other])
  if (name === 'service') return true
  if (name === 'url') return isReal
  return !isReal || name === 'calls' || name === 'every'
}

function isOfPolicy(name: string, chosen: (name: string) => unknown): boolean {
  const [strategy, option] = name.split('.')
  if (option !== undefined && strategy! in strategies) return strategy === chosen('wait')
  if (name === 'failureThreshold') return chosen('breaker') === true && chosen('trip') === 'row'
  if (['failureRate', 'window', 'minimumCalls'].includes(name)) return chosen('breaker') === true && chosen('trip') === 'share'
  if (['trip', 'recoveryTimeout'].includes(name)) return chosen('breaker') === true
  if (['hedgeWait', 'maxHedge'].includes(name)) return chosen('hedge') === true
  if (['ratio', 'credit'].includes(name)) return chosen('budget') === true
  return true
}

function problemOfUrl(text: string): string {
  const url = URL.parse(text, location.href)
  return text && url && /^https?:$/.test(url.protocol) ? '' : 'Needs an address, such as https://example.com/.'
}
