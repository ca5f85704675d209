// What the platform last answered, kept on this phone for one person: shown with its time while the platform is away.
// Codes that are money (payment codes, collection QRs) are never kept.
const name = (subject) => `kept.${subject}`;

// { asOf, answers: { subject matter: answer } }; what cannot be read is as if nothing had been kept.
export function readKept(subject) {
  try {
    const { asOf, answers } = JSON.parse(localStorage.getItem(name(subject)));
    return { asOf, answers };
  } catch {
    return { asOf: 0, answers: {} };
  }
}

// Storage that is full or forbidden takes nothing away from a phone that is online.
export function keepAnswers(subject, asOf, answers) {
  try {
    localStorage.setItem(name(subject), JSON.stringify({ asOf, answers }));
  } catch (error) {
    if (!(error instanceof DOMException)) throw error;
    localStorage.removeItem(name(subject));
  }
}

export const dropKept = (subject) => localStorage.removeItem(name(subject));
