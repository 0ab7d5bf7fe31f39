"""The words for what is on the table, in English, Chinese, Spanish and German."""

from __future__ import annotations

LANGUAGES = ("en", "zh", "es", "de")

NOUNS: dict[str, tuple[str, str, str]] = {
    "block": ("方块", "el bloque", "der Block"),
    "ball": ("球", "la pelota", "der Ball"),
    "cylinder": ("圆柱", "el cilindro", "der Zylinder"),
    "cross": ("十字块", "la cruz", "das Kreuz"),
    "dumbbell": ("哑铃", "la mancuerna", "die Hantel"),
    "pyramid": ("金字塔", "la pirámide", "die Pyramide"),
    "egg": ("蛋", "el huevo", "das Ei"),
    "bar": ("长条", "la barra", "der Riegel"),
    "strawberry": ("草莓", "la fresa", "die Erdbeere"),
    "plum": ("李子", "la ciruela", "die Pflaume"),
    "lime": ("青柠", "la lima", "die Limette"),
    "apple": ("苹果", "la manzana", "der Apfel"),
    "orange": ("橙子", "la naranja", "die Orange"),
    "lemon": ("柠檬", "el limón", "die Zitrone"),
    "pear": ("梨", "la pera", "die Birne"),
    "melon": ("甜瓜", "el melón", "die Melone"),
    "grapefruit": ("西柚", "el pomelo", "die Grapefruit"),
    "fruit": ("水果", "la fruta", "die Frucht"),
    "mango": ("芒果", "el mango", "die Mango"),
    "soda can": ("汽水罐", "la lata de refresco", "die Getränkedose"),
    "peg": ("圆销", "la clavija", "der Zapfen"),
    "cup": ("杯子", "la taza", "die Tasse"),
    "handle": ("把手", "el asa", "der Henkel"),
    "rim": ("杯沿", "el borde", "der Rand"),
    "bowl": ("碗", "el cuenco", "die Schüssel"),
    "plate": ("盘子", "el plato", "der Teller"),
    "book": ("书", "el libro", "das Buch"),
    "bin": ("收纳箱", "el contenedor", "der Behälter"),
    "card": ("卡片", "la tarjeta", "die Karte"),
    "drawer": ("抽屉", "el cajón", "die Schublade"),
    "hole": ("孔", "el agujero", "das Loch"),
    "tray": ("托盘", "la bandeja", "das Tablett"),
    "compartment": ("格子", "el compartimento", "das Fach"),
    "person": ("人", "la persona", "die Person"),
    "obstacle": ("障碍物", "el obstáculo", "das Hindernis"),
    "heart": ("爱心", "el corazón", "das Herz"),
    "star": ("星星", "la estrella", "der Stern"),
    **{str(digit): (f"数字{digit}", f"el {digit}", f"die {digit}") for digit in range(10)},
}
"""English noun to Chinese, and to Spanish and German with the article that gives the gender."""

GERMAN_DATIVES = {"Herz": "Herzen"}
"""Nouns whose dative differs."""

ADJECTIVES: dict[str, tuple[str, str, str, str]] = {
    "red": ("红色", "rojo", "roja", "rot"),
    "orange": ("橙色", "naranja", "naranja", "orangefarben"),
    "yellow": ("黄色", "amarillo", "amarilla", "gelb"),
    "green": ("绿色", "verde", "verde", "grün"),
    "cyan": ("青色", "cian", "cian", "türkisfarben"),
    "blue": ("蓝色", "azul", "azul", "blau"),
    "purple": ("紫色", "morado", "morada", "violett"),
    "pink": ("粉色", "rosa", "rosa", "rosafarben"),
    "brown": ("棕色", "marrón", "marrón", "braun"),
    "olive": ("橄榄色", "verde oliva", "verde oliva", "olivgrün"),
    "white": ("白色", "blanco", "blanca", "weiß"),
    "black": ("黑色", "negro", "negra", "schwarz"),
    "smallest": ("最小的", "más pequeño", "más pequeña", "kleinst"),
    "largest": ("最大的", "más grande", "más grande", "größt"),
    "first": ("第一个", "primer", "primera", "erst"),
    "second": ("第二个", "segundo", "segunda", "zweit"),
    "third": ("第三个", "tercer", "tercera", "dritt"),
}
"""English adjective to Chinese, Spanish masculine and feminine, and the German stem."""

ORDINALS = ("first", "second", "third")
"""These stand before a Spanish noun, colours behind it."""
