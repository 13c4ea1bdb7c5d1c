/** The looks of the bar and of the lines over fields, for its closed shadow tree: the page's styles do not reach it. */

export const LOOK = `
:host {
  all: initial;
}

* {
  box-sizing: border-box;
}

[hidden] {
  display: none !important;
}

.layer {
  position: fixed;
  inset: 0;
  z-index: 2147483646;
  overflow: hidden;
  pointer-events: none;
}

.copy {
  position: absolute;
  overflow: hidden;
  color: transparent;
}

.mark {
  text-decoration: underline wavy #d93025 1.5px;
  text-underline-offset: 2px;
}

.mark.warning {
  text-decoration-color: #b26a00;
}

.mark.info {
  text-decoration: underline dotted #1d5f9b 1.5px;
}

.bar {
  --surface: #ffffff;
  --ink: #182126;
  --soft: #3f4d55;
  --faint: #56656e;
  --edge: #cbd4d9;
  --accent: #0f766e;
  --on-accent: #ffffff;
  --tone: #8f4a00;
  --wash: #fdf0d9;
  position: fixed;
  z-index: 2147483647;
  display: grid;
  gap: 6px;
  max-height: 70vh;
  overflow: auto;
  padding: 9px 12px 10px;
  border: 1px solid var(--edge);
  border-left: 4px solid var(--tone);
  border-radius: 10px;
  background: var(--surface);
  box-shadow: 0 6px 24px rgba(20, 35, 45, 0.18);
  color: var(--ink);
  font: 14px/1.5 system-ui, "PingFang SC", "Microsoft YaHei", "Noto Sans CJK SC", sans-serif;
  overflow-wrap: anywhere;
  text-align: start;
}

.bar[data-tone="error"] {
  --tone: #b3261e;
  --wash: #fdeae8;
}

.bar[data-tone="info"] {
  --tone: #1d5f9b;
  --wash: #e8f1fa;
}

@media (prefers-color-scheme: dark) {
  .bar {
    --surface: #171e22;
    --ink: #e8eef0;
    --soft: #c1ccd1;
    --faint: #9aa8af;
    --edge: #3c4a52;
    --accent: #5ad1c0;
    --on-accent: #06231f;
    --tone: #f3bd68;
    --wash: #35280f;
  }

  .bar[data-tone="error"] {
    --tone: #ff9d94;
    --wash: #3b1b1a;
  }

  .bar[data-tone="info"] {
    --tone: #8fc1f2;
    --wash: #162b3f;
  }
}

.head {
  display: flex;
  align-items: baseline;
  gap: 8px;
}

.head > .message {
  flex: 1;
  min-width: 0;
}

.badge {
  flex: none;
  padding: 0 7px;
  border-radius: 6px;
  background: var(--wash);
  color: var(--tone);
  font-size: 12px;
  line-height: 20px;
}

.message {
  font-weight: 600;
}

p {
  margin: 0;
}

.why,
.advice {
  color: var(--soft);
  font-size: 13px;
}

.buttons {
  display: flex;
  align-items: center;
  flex-wrap: wrap;
  gap: 6px;
}

.grow {
  flex: 1;
}

button,
input {
  font: inherit;
  color: inherit;
}

button {
  min-height: 30px;
  max-width: 100%;
  padding: 3px 11px;
  border: 1px solid var(--edge);
  border-radius: 8px;
  background: var(--surface);
  color: var(--soft);
  font-size: 13px;
  text-align: start;
  cursor: pointer;
}

button:hover {
  border-color: var(--accent);
}

button.main {
  border-color: var(--accent);
  background: var(--accent);
  color: var(--on-accent);
  font-weight: 600;
}

button.risky {
  border-color: var(--tone);
  color: var(--tone);
}

button.plain {
  border-color: transparent;
  background: none;
  color: var(--faint);
}

button[aria-pressed="true"] {
  border-color: var(--accent);
  background: var(--wash);
  color: var(--ink);
}

:focus-visible {
  outline: 2px solid var(--accent);
  outline-offset: 1px;
}

kbd {
  margin-left: 6px;
  padding: 0 5px;
  border: 1px solid currentcolor;
  border-radius: 4px;
  font: 600 11px/16px system-ui, sans-serif;
  opacity: 0.85;
}

input {
  flex: 1 1 160px;
  min-height: 30px;
  padding: 3px 9px;
  border: 1px solid var(--edge);
  border-radius: 8px;
  background: var(--surface);
}

.hint {
  color: var(--faint);
  font-size: 12px;
}
`;
