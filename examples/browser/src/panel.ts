import { plot, time } from './chart.ts'
import { code } from './code.ts'
import { make } from './form.ts'
import { highlight } from './highlight.ts'
import type { Story } from './run.ts'
import type { Step } from './schedule.ts'
import type { Settings } from './settings.ts'
import { drawTimeline, numbers } from './timeline.ts'

/** What is shown of one policy: what became of its calls, its waits, its code. */
export interface Panel {
  readonly which: 'a' | 'b'
  showStory(story: Story, end?: number): void
  showPolicy(policy: Settings, steps: readonly Step[], url: string): void
  hide(hidden: boolean): void
}

const find = (which: string, part: string): HTMLElement => document.querySelector(`#${part}-${which}`)!

/** Shows what the page has for each policy, from its templates: `-?` in their attributes becomes the letter of this one. */
function fillTemplates(which: 'a' | 'b'): void {
  for (const template of document.querySelectorAll<HTMLTemplateElement>('.panels > template')) {
    const article = template.content.firstElementChild!.cloneNode(true) as HTMLElement
    for (const element of article.querySelectorAll('*')) for (const attribute of element.attributes) attribute.value = attribute.value.replaceAll('-?', `-${which}`)
    const title = article.querySelector('h3')!
    title.textContent = `Policy ${which.toUpperCase()}`
    title.classList.add(which)
    article.setAttribute('aria-labelledby', title.id)
    article.dataset.policy = which
    template.parentElement!.append(article)
  }
}

/** Lists numbers by their names. */
export const list = (parent: HTMLElement, values: Record<string, string>, attribute: string): void =>
  parent.replaceChildren(...Object.entries(values).map(([name, value]) => make('div', {}, make('dt', {}, name), make('dd', { [attribute]: name }, value))))

function showWaits(which: 'a' | 'b', steps: readonly Step[]): void {
  plot(find(which, 'chart'), steps, which)
  let sum = 0
  find(which, 'waits').replaceChildren(
    ...steps.map(({ tries, least, middle, most }) => {
      sum += middle
      return make('tr', {}, ...[String(tries), time(least), time(middle), time(most), time(sum)].map((text) => make('td', {}, text)))
    }),
  )
  find(which, 'waits-none').hidden = steps.length > 0
}

async function copy(which: string): Promise<void> {
  const written = find(which, 'code')
  const said = find(which, 'copied')
  try {
    await navigator.clipboard.writeText(written.textContent ?? '')
    said.textContent = 'Copied.'
  } catch {
    getSelection()?.selectAllChildren(written)
    said.textContent = 'Your browser does not let the page copy; the code is selected.'
  }
  setTimeout(() => (said.textContent = ''), 3_000)
}

/** Gives policy B what the page has for policy A. */
export function layOutSecond(): void {
  for (const article of document.querySelectorAll('[data-policy="a"]')) {
    const twin = article.outerHTML.replaceAll(/((?:id|labelledby)="[a-z-]+-|data-policy="|class="key )a"/g, '$1b"').replaceAll(/(policy )A\b/gi, '$1B')
    article.insertAdjacentHTML('afterend', twin)
  }
}

/** Takes over what the page has for a policy. */
export function panel(which: 'a' | 'b'): Panel {
  fillTemplates(which)
  find(which, 'copy').addEventListener('click', () => void copy(which))
  let steps: readonly Step[] = []
  let story: readonly [Story, number | undefined] | undefined
  const again = (): void => {
    showWaits(which, steps)
    if (story) drawTimeline(find(which, 'timeline'), ...story)
  }
  // The charts paint their own colours and know their own width.
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', again)
  new ResizeObserver(again).observe(find(which, 'chart'))
  return {
    which,
    showStory(seen, end) {
      story = [seen, end]
      drawTimeline(find(which, 'timeline'), seen, end)
      list(find(which, 'numbers'), numbers(seen), 'data-number')
    },
    showPolicy(policy, waits, url) {
      steps = waits
      find(which, 'code').replaceChildren(...highlight(code(policy, url)))
      showWaits(which, steps)
    },
    hide(hidden) {
      for (const element of document.querySelectorAll<HTMLElement>(`[data-policy="${which}"]`)) element.hidden = hidden
    },
  }
}
