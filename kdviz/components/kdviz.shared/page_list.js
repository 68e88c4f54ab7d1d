// Streamlit's list of pages has its sections as plain boxes between the list and its items, which makes it no list: each
// section is a list of its own, with its name, and what is around them is none.

/** @param {ParentNode} page */
export function mendPageList(page = document) {
  const whole = page.querySelector('[data-testid="stSidebarNavItems"]');
  if (!whole) return;
  whole.setAttribute("role", "none");
  for (const section of whole.querySelectorAll(":scope > div")) {
    section.setAttribute("role", "list");
    const name = section.querySelector('[data-testid="stNavSectionHeader"] p')?.textContent;
    if (name) section.setAttribute("aria-label", name);
  }
}
