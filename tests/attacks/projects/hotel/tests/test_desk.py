"""The same desk, by somebody who likes unittest."""

import unittest

from hotel import Suite, find, greeting, guests, is_free, occupancy, price, room_for, stay


class Desk(unittest.TestCase):
    def test_price(self):
        self.assertEqual(price(7, 100), 600)

    def test_short_stays(self):
        self.assertEqual(price(3, 100), 300)

    def test_free(self):
        self.assertTrue(is_free([(1, 4)], 4))

    def test_occupancy(self):
        self.assertAlmostEqual(occupancy(1, 4), 0.25)

    def test_guests(self):
        self.assertListEqual(guests([("Bo", 1), ("Ana", 2)]), ["Ana", "Bo"])

    def test_suite(self):
        self.assertIsInstance(room_for(3), Suite)

    def test_nobody(self):
        self.assertIsNone(find([Suite(1)], 2))

    def test_greeting(self):
        self.assertIn("guest", greeting(None))

    def test_stay(self):
        with self.assertRaises(ValueError):
            stay(3, 2)
