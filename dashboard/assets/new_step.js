// What is new is read from its start. A step and the certificate begin at the top of the page: on a phone, the buttons
// that lead to them stand at its bottom. An answer takes the focus, for the button that asked for it is gone.
let place;
let answered;

export default function ({ data }) {
  const isNew = place !== undefined && place !== data.place;
  const isAnswered = answered === false && data.answered;
  place = data.place;
  answered = data.answered;
  if (!isNew && !isAnswered) return;
  requestAnimationFrame(() => {
    const answer = document.querySelector(".vpl-lesson-verdict");
    if (isNew || !answer) document.querySelector(".stMain")?.scrollTo({ top: 0 });
    else answer.focus();
  });
}
