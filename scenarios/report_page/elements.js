// What both pages have: their elements, and the button between light and dark.

const byId = id => document.getElementById(id);

function make(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (name === 'onclick') element.addEventListener('click', value);
    else if (value !== null && value !== false) element.setAttribute(name, value);
  }
  element.append(...children.filter(child => child !== null));
  return element;
}

// As the system says until somebody has chosen. `changed` is called when the colours are others.
function chooseTheme(changed = () => {}) {
  let stored = '';
  try { stored = localStorage.getItem('wavetank-theme') || ''; } catch { stored = ''; }
  const system = matchMedia('(prefers-color-scheme: dark)');
  const apply = () => {
    const dark = stored ? stored === 'dark' : system.matches;
    document.documentElement.dataset.theme = dark ? 'dark' : 'light';
    byId('theme').textContent = dark ? '☀ light' : '☾ dark';
    changed();
  };
  system.addEventListener('change', apply);
  byId('theme').addEventListener('click', () => {
    stored = document.documentElement.dataset.theme === 'dark' ? 'light' : 'dark';
    try { localStorage.setItem('wavetank-theme', stored); } catch { /* a page of no origin */ }
    apply();
  });
  apply();
}
