/** Every word of the pages, in both languages. */
const texts = {
  ko: {
    language: 'English',
    sales: '예매 중인 경기',
    noSales: '예매 중인 경기가 없습니다.',
    book: '예매하기',
    saleState: {
      scheduled: '예정',
      prequeue: '사전 대기',
      open: '예매 중',
      paused: '일시 중지',
      draining: '마감 중',
      ended: '종료',
    },
    joining: '줄을 서는 중입니다…',
    headline: {
      scheduled: '아직 예매 전입니다',
      prequeue: '사전 대기 중입니다',
      waiting: '순서를 기다리고 있습니다',
      paused: '입장이 잠시 멈췄습니다',
      admitted: '입장합니다!',
      expired: '입장 시간이 지났습니다',
      left: '대기열에서 나왔습니다',
      ended: '예매가 종료되었습니다',
    },
    ahead: (n) => (n === 0 ? '다음 순서입니다' : `내 앞에 ${n}명`),
    number: '대기 번호',
    group: '내 그룹',
    currentGroup: '현재 입장 그룹',
    eta: '예상 대기 시간',
    unknown: '계산 중',
    minutes: (low, high) => (high < 1 ? '1분 이내' : low === high ? `약 ${high}분` : `${low}–${high}분`),
    stay: '이 화면을 열어 두시면 자동으로 입장합니다. 새로고침해도 순서는 그대로입니다.',
    opens: (when) => `예매 시작: ${when}`,
    again: '다시 줄 서기',
    leave: '그만하고 나가기',
    left: '대기열에서 나왔습니다.',
    plan: '구역을 고르세요',
    back: '← 전체 구장',
    choose: '좌석 고르기',
    howMany: '인원',
    people: (n) => `${n}명`,
    where: '구역',
    anywhere: '어디든 좋은 자리',
    together: '나란히',
    togetherAny: '되도록 나란히',
    togetherRow: '같은 줄까지',
    togetherAdjacent: '반드시 나란히',
    autoAssign: '자동 배정',
    orPick: '또는 좌석도에서 직접 고르세요.',
    select: (n) => (n === 0 ? '좌석을 눌러 고르세요' : `선택한 ${n}석 예약`),
    yourSeats: '내 좌석',
    extend: '시간 연장',
    total: '합계',
    email: '이메일',
    name: '이름 (선택)',
    card: '결제 수단 (샌드박스)',
    pay: '결제하기',
    release: '좌석 놓기',
    payment: '결제',
    cancelPayment: '결제 취소',
    onceMore: '다시 고르기',
    myReservations: '내 예매 내역',
    noReservations: '아직 예매 내역이 없습니다.',
    cancelReservation: '예매 취소',
    confirmCancel: (amount) => `예매를 취소하고 ${amount}을 환불받을까요? 좌석은 다른 분에게 돌아갑니다.`,
    reservationState: { CONFIRMED: '예매 완료', REFUNDING: '환불 중', CANCELLED: '취소됨' },
    state: {
      AVAILABLE: '선택 가능',
      PICKED: '고른 좌석',
      MINE: '내 좌석',
      RESERVED: '다른 사람이 선점',
      COMPLETED: '판매됨',
      BLOCKED: '판매 제외',
    },
    seat: (section, row, label) => `${section} ${row}열 ${label}번`,
    left_: (available, capacity) => `${capacity}석 중 ${available}석 남음`,
    passTime: (time) => `남은 시간 ${time}`,
    holdTime: (time) => `${time} 안에 결제해 주세요`,
    holdOver: '선점 시간이 끝났습니다.',
    passOver: '입장 시간이 끝났습니다. 다시 줄을 서 주세요.',
    toLine: '대기열로',
    offline: '연결이 고르지 않습니다. 다시 시도합니다…',
    visitOver: '좌석 선택 화면은 입장한 동안만 열립니다. 예매 내역은 아래에서 확인하세요.',
    section: (id) => `${id}구역`,
    wheelchairSection: (id) => `${id} 휠체어석`,
    grade: (id) => id,
    soldOut: '매진되었습니다. 취소된 좌석이 나오면 바로 여기에 보입니다.',
    mapHint: '구역이 흐릴수록 남은 좌석이 적습니다. 좁은 화면에서는 옆으로 밀어 보세요.',
    seatHint: '위쪽이 그라운드입니다. 초록색 좌석을 눌러 고르세요.',
    failed: (reason) => `결제 실패: ${reason}`,
    reasons: {
      card_declined: '카드사에서 결제를 거절했습니다',
      invalid_token: '사용할 수 없는 결제 수단입니다',
      cancelled: '결제가 취소되었습니다',
      CANCELLED: '결제가 취소되었습니다',
      TIMED_OUT: '결제 시간이 초과되었습니다',
      SEATS_GONE: '결제 전에 좌석이 판매되어 전액 환불됩니다',
      AMOUNT_DIFFERS: '결제 금액이 달라 전액 환불됩니다',
    },
    largestFit: (n) => `함께 앉을 수 있는 최대 인원은 ${n}명입니다.`,
    accessible: '휠체어석',
    tokens: {
      tok_approve: '승인',
      tok_decline: '거절',
      tok_slow: '느린 승인 (3초)',
      tok_late: '늦은 승인 (웹훅)',
      tok_charged_then_timeout: '승인 후 응답 없음',
      tok_duplicate: '웹훅 중복',
      tok_timeout: '응답 없음',
    },
  },
  en: {
    language: '한국어',
    sales: 'On sale now',
    noSales: 'Nothing is on sale.',
    book: 'Book',
    saleState: {
      scheduled: 'Scheduled',
      prequeue: 'Pre-queue',
      open: 'On sale',
      paused: 'Paused',
      draining: 'Closing',
      ended: 'Over',
    },
    joining: 'Joining the line…',
    headline: {
      scheduled: 'The sale has not begun',
      prequeue: 'You are in the pre-queue',
      waiting: 'You are in line',
      paused: 'Admission is paused for a moment',
      admitted: 'It is your turn!',
      expired: 'Your turn has passed',
      left: 'You have left the line',
      ended: 'The sale is over',
    },
    ahead: (n) => (n === 0 ? 'You are next' : `${n} ahead of you`),
    number: 'Your number',
    group: 'Your group',
    currentGroup: 'Group entering now',
    eta: 'Expected wait',
    unknown: 'being measured',
    minutes: (low, high) => (high < 1 ? 'under a minute' : low === high ? `about ${high} min` : `${low}–${high} min`),
    stay: 'Keep this page open and it goes on by itself. Reloading does not cost you your place.',
    opens: (when) => `Opens: ${when}`,
    again: 'Join again',
    leave: 'Leave',
    left: 'You have left the line.',
    plan: 'Choose a section',
    back: '← Whole stadium',
    choose: 'Choose seats',
    howMany: 'People',
    people: (n) => String(n),
    where: 'Section',
    anywhere: 'Best seats anywhere',
    together: 'Together',
    togetherAny: 'If possible',
    togetherRow: 'At least in one row',
    togetherAdjacent: 'Side by side only',
    autoAssign: 'Find seats',
    orPick: 'Or pick seats on the plan.',
    select: (n) => (n === 0 ? 'Tap seats to pick them' : `Reserve ${n} ${n === 1 ? 'seat' : 'seats'}`),
    yourSeats: 'Your seats',
    extend: 'More time',
    total: 'Total',
    email: 'E-mail',
    name: 'Name (optional)',
    card: 'Card (sandbox)',
    pay: 'Pay',
    release: 'Give seats back',
    payment: 'Payment',
    cancelPayment: 'Cancel payment',
    onceMore: 'Choose again',
    myReservations: 'Your reservations',
    noReservations: 'None yet.',
    cancelReservation: 'Cancel reservation',
    confirmCancel: (amount) => `Cancel and get ${amount} back? The seats go to somebody else.`,
    reservationState: { CONFIRMED: 'Confirmed', REFUNDING: 'Being refunded', CANCELLED: 'Cancelled' },
    state: {
      AVAILABLE: 'Free',
      PICKED: 'Picked',
      MINE: 'Yours',
      RESERVED: 'Held by others',
      COMPLETED: 'Sold',
      BLOCKED: 'Not on sale',
    },
    seat: (section, row, label) => `${section}, row ${row}, seat ${label}`,
    left_: (available, capacity) => `${available} of ${capacity} left`,
    passTime: (time) => `Time left ${time}`,
    holdTime: (time) => `Pay within ${time}`,
    holdOver: 'The hold has expired.',
    passOver: 'Your time inside is over. Join the line again.',
    toLine: 'To the line',
    offline: 'The connection is unsteady. Trying again…',
    visitOver: 'Seats can be chosen only while you are inside. Your reservations are below.',
    section: (id) => `Section ${id}`,
    wheelchairSection: (id) => `Section ${id} (wheelchair)`,
    grade: (id) => (id.charAt(0).toUpperCase() + id.slice(1)).replaceAll('-', ' '),
    soldOut: 'Sold out. A seat that comes back shows here at once.',
    mapHint: 'The paler a section, the fewer seats are left. On a small screen, swipe sideways.',
    seatHint: 'The field is at the top. Tap green seats to pick them.',
    failed: (reason) => `Payment failed: ${reason}`,
    reasons: {
      card_declined: 'the card was declined',
      invalid_token: 'this card cannot be used',
      cancelled: 'the payment was cancelled',
      CANCELLED: 'the payment was cancelled',
      TIMED_OUT: 'the payment took too long',
      SEATS_GONE: 'the seats were sold before the payment arrived; it is refunded in full',
      AMOUNT_DIFFERS: 'another amount was charged; it is refunded in full',
    },
    largestFit: (n) => `The largest party that fits is ${n}.`,
    accessible: 'wheelchair',
    tokens: {
      tok_approve: 'Approved',
      tok_decline: 'Declined',
      tok_slow: 'Approved slowly (3 s)',
      tok_late: 'Approved late (webhook)',
      tok_charged_then_timeout: 'Charged, no answer',
      tok_duplicate: 'Duplicate webhooks',
      tok_timeout: 'No answer',
    },
  },
}

const stored = localStorage.getItem('language')
const preferred = stored ?? (navigator.language.startsWith('ko') ? 'ko' : 'en')

export const locale = preferred === 'en' ? 'en' : 'ko'
export const t = texts[locale]

/** Fills `data-text` elements and the language switch. */
export function setTexts() {
  document.documentElement.lang = locale
  document.documentElement.classList?.remove('unread')
  for (const element of document.querySelectorAll('[data-text]')) element.textContent = t[element.dataset.text]
  const button = document.getElementById('language')
  button.textContent = t.language
  button.addEventListener('click', () => {
    localStorage.setItem('language', locale === 'ko' ? 'en' : 'ko')
    location.reload()
  })
}

const isKorean = (text) => /[\uac00-\ud7a3]/.test(text)

/** A venue names its sections and grades in one language; where that is Korean, the English page makes do with their ids. */
export const sectionName = ({ id, label, grade }) => {
  if (locale === 'ko' || !isKorean(label)) return label
  return grade.startsWith('wheelchair-') ? t.wheelchairSection(id) : t.section(id)
}

export const gradeName = ({ id, label }) => (locale === 'ko' || !isKorean(label) ? label : t.grade(id))

export const number = (value) => value.toLocaleString(locale)

export const money = ({ value, currency }) =>
  new Intl.NumberFormat(locale, { style: 'currency', currency, maximumFractionDigits: 0 }).format(value)

export const clock = (ms) => {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  return `${Math.floor(seconds / 60)}:${String(seconds % 60).padStart(2, '0')}`
}
