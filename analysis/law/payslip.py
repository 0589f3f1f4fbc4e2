"""From one invoice to net pay: the arithmetic of a payslip, in integer cents, under stated rates."""

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from analysis.law import rate


@dataclass(frozen=True)
class PayRules:
    """The rates of one worked example, each a share: an illustration with one rate per step, not a legal payslip.

    A real contract also knows sector premiums, the work bonus and reductions.
    """

    fee: float
    margin: float
    contributions: float
    exit_holiday: float
    employee: float
    withholding: float
    vat: float


def artist_rules() -> PayRules:
    """A performing artist around 2018–2019, at the rates of rates.csv."""
    return PayRules(
        fee=rate("smart_fee"), margin=rate("smart_margin"), contributions=rate("employer_contributions"),
        exit_holiday=rate("exit_holiday_pay"), employee=rate("employee_contributions"),
        withholding=rate("artist_withholding"), vat=rate("vat"),
    )


def invoice_to_net(price_cents: int, rules: PayRules | None = None):
    """From price excluding VAT to net pay, by step: step, rule, amount_cents, amount_eur, share_of_price."""
    import pandas as pd

    rules = rules or artist_rules()
    fee = _times(price_cents, rules.fee)
    labour = price_cents - fee
    margin = _times(labour, rules.margin)
    payroll = labour - margin
    gross = _divided(payroll, 1 + _decimal(rules.contributions))
    base = _divided(gross, 1 + _decimal(rules.exit_holiday))
    employee = _times(gross, rules.employee)
    taxable = gross - employee
    tax = _times(taxable, rules.withholding)
    with_vat = price_cents + _times(price_cents, rules.vat)
    charges = f"{_percent(rules.contributions)} of gross"
    steps = [
        ("Client pays, VAT included", f"price + {_percent(rules.vat)}", with_vat),
        ("Price", "excluding VAT", price_cents),
        ("Fee of Smart", f"{_percent(rules.fee)} of the price", fee),
        ("Left for labour", "price − fee", labour),
        ("Margin on the employment budget", f"{_percent(rules.margin)} of it", margin),
        ("Left for pay and employer charges", "labour − margin", payroll),
        ("Employer contributions and insurances", charges, payroll - gross),
        ("Gross pay, holiday pay included", f"÷ {1 + _decimal(rules.contributions)}", gross),
        ("of which base gross", f"÷ {1 + _decimal(rules.exit_holiday)}", base),
        ("Employee contributions", f"{_percent(rules.employee)} of gross", employee),
        ("Taxable pay", "gross − contributions", taxable),
        ("Withholding tax", f"{_percent(rules.withholding)} of taxable pay", tax),
        ("Net pay", "taxable − tax", taxable - tax),
    ]
    frame = pd.DataFrame(steps, columns=["step", "rule", "amount_cents"])
    frame["amount_eur"] = frame["amount_cents"] / 100
    frame["share_of_price"] = frame["amount_cents"] / price_cents
    return frame


def _decimal(rate: float) -> Decimal:
    return Decimal(str(rate))


def _cents(amount: Decimal) -> int:
    return int(amount.quantize(Decimal(1), ROUND_HALF_UP))


def _times(cents: int, rate: float) -> int:
    return _cents(cents * _decimal(rate))


def _divided(cents: int, factor: Decimal) -> int:
    return _cents(cents / factor)


def _percent(rate: float) -> str:
    return f"{_decimal(rate) * 100:f}".rstrip("0").rstrip(".") + " %"
