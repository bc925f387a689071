"""The shop as SQLAlchemy maps it: tables for Core, classes for the ORM, in one declaration.

The tables come from `domain.DDL`; what is declared here is only what the mapper must know.
"""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import BigInteger, DateTime, ForeignKey, Integer, Text
from sqlalchemy.dialects.sqlite import DATETIME
from sqlalchemy.ext.asyncio import AsyncAttrs
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

# The shop's moments are whole seconds; the dialect would write six zeros behind each.
Moment = DateTime().with_variant(DATETIME(truncate_microseconds=True), "sqlite")  # type: ignore[no-untyped-call]


class Base(AsyncAttrs, DeclarativeBase):
    """A row whose key the caller chooses; `awaitable_attrs` is for asynchronous sessions."""

    id: Mapped[int] = mapped_column(
        BigInteger, primary_key=True, autoincrement=False, sort_order=-1
    )


class Customer(Base):
    """A row of `customer`."""

    __tablename__ = "customer"
    email: Mapped[str] = mapped_column(Text, unique=True)
    name: Mapped[str | None] = mapped_column(Text)
    orders: Mapped[list[Order]] = relationship(back_populates="customer", order_by="Order.id")


class Product(Base):
    """A row of `product`."""

    __tablename__ = "product"
    sku: Mapped[str] = mapped_column(Text, unique=True)
    price_cents: Mapped[int] = mapped_column(Integer)


class Order(Base):
    """A row of `orders`; `version` is checked and counted by the unit of work."""

    __tablename__ = "orders"
    customer_id: Mapped[int] = mapped_column(ForeignKey("customer.id"))
    status: Mapped[str] = mapped_column(Text)
    placed_at: Mapped[datetime] = mapped_column(Moment)
    version: Mapped[int] = mapped_column(Integer)
    customer: Mapped[Customer] = relationship(back_populates="orders")
    lines: Mapped[list[OrderLine]] = relationship(back_populates="order", order_by="OrderLine.id")

    # The counter starts where the row says, and every flushed change moves it on by one.
    __mapper_args__ = {"version_id_col": version, "version_id_generator": False}  # noqa: RUF012


class OrderLine(Base):
    """A row of `order_line`."""

    __tablename__ = "order_line"
    order_id: Mapped[int] = mapped_column(ForeignKey("orders.id"))
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    qty: Mapped[int] = mapped_column(Integer)
    unit_cents: Mapped[int] = mapped_column(Integer)
    order: Mapped[Order] = relationship(back_populates="lines")
    product: Mapped[Product] = relationship()


class Account(Base):
    """A row of `account`; its version is left to the transfer."""

    __tablename__ = "account"
    owner: Mapped[str] = mapped_column(Text)
    balance_cents: Mapped[int] = mapped_column(BigInteger)
    version: Mapped[int] = mapped_column(Integer)
